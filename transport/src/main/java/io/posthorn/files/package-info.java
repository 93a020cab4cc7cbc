/** Files that a socket writes while it works, without ever waiting for the disk. */
@NullMarked
package io.posthorn.files;

import org.jspecify.annotations.NullMarked;
