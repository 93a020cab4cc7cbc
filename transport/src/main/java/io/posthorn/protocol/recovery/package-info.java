/** What was sent, what arrived, what is lost (RFC 9002). */
@NullMarked
package io.posthorn.protocol.recovery;

import org.jspecify.annotations.NullMarked;
