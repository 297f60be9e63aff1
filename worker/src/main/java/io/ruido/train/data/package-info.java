/** What is trained on: folders of pictures, their captions, and what is computed of them once. */
package io.ruido.train.data;
