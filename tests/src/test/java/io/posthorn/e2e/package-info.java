/**
 * The program as users meet it: the real jar in processes of its own, and the same command lines in
 * the process of the tests where only words and sockets are the matter.
 */
@NullMarked
package io.posthorn.e2e;

import org.jspecify.annotations.NullMarked;
