/** Tests of the package of the same name in the program. */
@NullMarked
package io.posthorn.cli.bench;

import org.jspecify.annotations.NullMarked;
