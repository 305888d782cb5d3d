"""Knows the printed reports of a quarter; leaves measuring to the rooms behind it, and posting to `delivery`."""
