/** Tests of congestion control. */
@NullMarked
package io.posthorn.protocol.congestion;

import org.jspecify.annotations.NullMarked;
