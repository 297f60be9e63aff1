/** The parts of Wan ("Wan: Open and Advanced Large-Scale Video Generative Models", Wan Team, 2025). */
package io.ruido.model.wan;
