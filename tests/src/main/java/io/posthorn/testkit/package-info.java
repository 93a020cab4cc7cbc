/** The kit for tests of programs that speak over bad networks. */
@NullMarked
package io.posthorn.testkit;

import org.jspecify.annotations.NullMarked;
