/** Tests of traces: qlog, flight recorder, key log. */
@NullMarked
package io.posthorn.trace;

import org.jspecify.annotations.NullMarked;
