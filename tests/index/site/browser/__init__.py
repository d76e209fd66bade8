"""The pages in a real browser: every task a person has, accessibility of every page, and what each page weighs.

A package, unlike its neighbours: pytest ends fixtures with a package, and Playwright must be gone before other tests
run a loop of their own.
"""
