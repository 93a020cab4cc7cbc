/** Who one is and whom one knows: keys, and the files that keep them. The lowest room of all. */
@NullMarked
package io.posthorn.identity;

import org.jspecify.annotations.NullMarked;
