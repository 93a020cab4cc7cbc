/**
 * Files and folders over one connection, for {@code copy} and {@code receive}. cli/COPY.md is the
 * text for peers of other make.
 */
@NullMarked
package io.posthorn.cli.files;

import org.jspecify.annotations.NullMarked;
