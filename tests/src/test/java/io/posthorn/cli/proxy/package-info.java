/** Tests of the package of the same name in the program. */
@NullMarked
package io.posthorn.cli.proxy;

import org.jspecify.annotations.NullMarked;
