"""Are our results those of eemeter?"""
