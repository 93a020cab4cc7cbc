/** The program as users meet it: the real jar in processes of its own. */
@NullMarked
package io.posthorn.e2e;

import org.jspecify.annotations.NullMarked;
