"""Knows who may do what in the browser, and stands before Dagster's pages, which know no login; leaves the pages to Dagster.

    zjtx serve:  browser → door (login, roles, same origin, record) → Dagster's webserver on loopback
"""
