/** The example of the tutorial: a small protocol, its property, and the bug that it finds. */
package io.posthorn.testkit.sample;
