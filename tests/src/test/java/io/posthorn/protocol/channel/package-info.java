/** Tests of the channels. */
@NullMarked
package io.posthorn.protocol.channel;

import org.jspecify.annotations.NullMarked;
