/** Values to message bodies and back, safe against hostile bodies. */
@NullMarked
package io.posthorn.codec;

import org.jspecify.annotations.NullMarked;
