"""Shared by several resources: targets, filters, meter inputs, temperatures, data-quality reports."""
