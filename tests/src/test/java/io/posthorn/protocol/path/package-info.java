/** Tests of paths. */
@NullMarked
package io.posthorn.protocol.path;

import org.jspecify.annotations.NullMarked;
