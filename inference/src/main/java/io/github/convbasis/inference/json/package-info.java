/**
 * JSON files that are checked as they are read: strict UTF-8, no key twice, nothing after the end,
 * and every field refused by name with the value it has.
 */
package io.github.convbasis.inference.json;
