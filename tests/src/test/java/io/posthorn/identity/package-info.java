/** Tests of the package of the same name. */
@NullMarked
package io.posthorn.identity;

import org.jspecify.annotations.NullMarked;
