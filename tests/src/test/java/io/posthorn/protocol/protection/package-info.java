/** Tests of packet protection. */
@NullMarked
package io.posthorn.protocol.protection;

import org.jspecify.annotations.NullMarked;
