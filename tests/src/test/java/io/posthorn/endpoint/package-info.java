/** Tests of endpoints: many connections behind one port. */
@NullMarked
package io.posthorn.endpoint;

import org.jspecify.annotations.NullMarked;
