/**
 * Traces and captures as lists that people can read: each event or packet of a qlog file, and each
 * packet of a capture, as a line of text or of JSON.
 */
@NullMarked
package io.posthorn.cli.trace;

import org.jspecify.annotations.NullMarked;
