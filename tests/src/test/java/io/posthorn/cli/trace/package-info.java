/** Tests of lists of traces and captures. */
@NullMarked
package io.posthorn.cli.trace;

import org.jspecify.annotations.NullMarked;
