/** Addresses of a connection: validation, MTU, connection ids. */
@NullMarked
package io.posthorn.protocol.path;

import org.jspecify.annotations.NullMarked;
