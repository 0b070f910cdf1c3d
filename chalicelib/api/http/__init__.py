"""Declaring, serving, validating, paging and documenting endpoints, independent of any resource."""
