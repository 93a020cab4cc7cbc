"""A second implementation of the Posthorn protocol, written from transport/PROTOCOL.md alone.

It shares no code with the Java one: what both understand is what the text says. One module a part of the
text; each names its sections. Only the standard library and the package `cryptography`.
"""
