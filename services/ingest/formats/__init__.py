"""The forms that an article may come in: from a parsed body to what was posted. Pure, one module a form.

To take a new one, write its module and name it in `shapes.py`. docs/formats.md says what is read of each.
"""
