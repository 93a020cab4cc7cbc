/** Tests of children that are started for clients. */
@NullMarked
package io.posthorn.cli.exec;

import org.jspecify.annotations.NullMarked;
