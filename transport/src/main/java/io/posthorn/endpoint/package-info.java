/** Many connections behind one port: demultiplexing, admission, timers. */
@NullMarked
package io.posthorn.endpoint;

import org.jspecify.annotations.NullMarked;
