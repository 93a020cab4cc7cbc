/** Messages: ordered channels, unordered messages, datagrams, and their credit. */
@NullMarked
package io.posthorn.protocol.channel;

import org.jspecify.annotations.NullMarked;
