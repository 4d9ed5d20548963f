"""Keeps one page on the glass of a machine: browser, healing, screen power, health and acts.

A program of its own: it imports the standard library only, and nothing of the server.
"""
