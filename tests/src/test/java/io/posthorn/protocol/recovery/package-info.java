/** Tests of recovery. */
@NullMarked
package io.posthorn.protocol.recovery;

import org.jspecify.annotations.NullMarked;
