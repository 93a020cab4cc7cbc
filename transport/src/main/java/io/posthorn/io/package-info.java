/** Real datagrams: the JDK's channel, and a bad network around it. */
@NullMarked
package io.posthorn.io;

import org.jspecify.annotations.NullMarked;
