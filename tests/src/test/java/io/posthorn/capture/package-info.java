/** Tests of captures: read, decrypted, written, and shown by tshark. */
@NullMarked
package io.posthorn.capture;

import org.jspecify.annotations.NullMarked;
