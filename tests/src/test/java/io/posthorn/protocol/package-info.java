/** Tests of one connection. */
@NullMarked
package io.posthorn.protocol;

import org.jspecify.annotations.NullMarked;
