"""Quarterly reports on a district's 专精特新 plan: from the departments' records to checked figures and Chinese PDFs."""

__version__ = "0.1.0"
