"""A finished output read, and what is derived from it: search, exposure sheets, tracks, plates, its card, and
whether it is whole.
"""
