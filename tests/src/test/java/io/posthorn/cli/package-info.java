/** Tests of the package of the same name in the program. */
@NullMarked
package io.posthorn.cli;

import org.jspecify.annotations.NullMarked;
