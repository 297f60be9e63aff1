# Tensor operations in TorchScript, run by Ops.java. Two reasons to be here: NDArray lacks the operation, or several calls
# become one, which frees their intermediate tensors at once and saves the way through JNI.
#
# B batch, C channels, H height, W width, N tokens, T context tokens, D width of a token, h heads.
# Arguments are tensors only. An empty tensor stands for an absent one; numbers come as tensors of one element.
#
# Convolutions and projections compute in the type of x, whatever type the weights are kept in.
#
# A sample's result must not depend on the samples beside it, not in its last bit. On the CPU two libraries choose another
# order of summation for small batches; convolve, normalize and linear say how that is avoided.
#
# Weights that are only read come packed, as oneDNN wants them: with them an operation needs no further preparation.
#
# Feature maps (B, C, H, W) lie in memory as (B, H, W, C) from the first packed convolution on, so that their pixels are
# tokens without a copy.
class Ops(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  def silu(self: __torch__.Ops, x: Tensor) -> Tensor:
    return self.act(x, 0)

  # x + y, in the place of y where no gradient is wanted: y is new and nothing else needs it.
  def add(self: __torch__.Ops, x: Tensor, y: Tensor) -> Tensor:
    if ops.prim.requires_grad(y):
      return x + y
    return torch.add_(y, x)

  # Where the pixels of a map lie one after another, group_norm splits all maps of a batch with 1024 pixels or more among
  # threads, and sums accordingly: so they come one at a time. On smaller ones it takes ten times as long for groups that do
  # not fill a vector, so that it pays to move the pixels of narrow groups apart for it.
  def normalize(self: __torch__.Ops, x: Tensor, groups: Tensor, eps: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if not torch.is_contiguous(x, memory_format=2):
      return torch.group_norm(x, int(groups), weight, bias, float(eps))
    if torch.size(x, 2) * torch.size(x, 3) < 1024:
      width = torch.size(x, 1) // int(groups)
      if width < 8:
        return torch.contiguous(torch.group_norm(torch.contiguous(x), int(groups), weight, bias, float(eps)), memory_format=2)
      return torch.group_norm(x, int(groups), weight, bias, float(eps))
    parts = annotate(List[Tensor], [])
    for i in range(torch.size(x, 0)):
      _ = torch.append(parts, torch.group_norm(torch.narrow(x, 0, i, 1), int(groups), weight, bias, float(eps)))
    return torch.cat(parts)

  # Whether samples fill vectors. The values at the end of an array that do not are rounded otherwise, so that they would
  # depend on where in a batch they lie.
  def fills_vectors(self: __torch__.Ops, x: Tensor) -> bool:
    return torch.numel(x) // torch.size(x, 0) % 32 == 0

  def act(self: __torch__.Ops, x: Tensor, kind: int) -> Tensor:
    if self.fills_vectors(x):
      return self.act_vectors(x, kind)
    count = torch.numel(x)
    padded = torch.constant_pad_nd(torch.reshape(x, [-1]), [0, 32 - count % 32])
    return torch.reshape(torch.narrow(self.act_vectors(padded, kind), 0, 0, count), torch.size(x))

  # By the numbers of Activation.java.
  def act_vectors(self: __torch__.Ops, x: Tensor, kind: int) -> Tensor:
    if kind == 0:
      return torch.silu(x)
    elif kind == 1:
      return torch.gelu(x)
    elif kind == 2:
      return torch.gelu(x, approximate="tanh")
    elif kind == 3:
      return x * torch.sigmoid(1.702 * x)
    elif kind == 4:
      return torch.relu(x)
    elif kind == 5:
      return torch.mish(x)
    return x

  # The same in the place of x where no gradient is wanted: x is new and nothing else needs it.
  def act_(self: __torch__.Ops, x: Tensor, kind: int) -> Tensor:
    if kind == 0 and not ops.prim.requires_grad(x) and self.fills_vectors(x):
      return torch.silu_(x)
    return self.act(x, kind)

  def activate(self: __torch__.Ops, x: Tensor, kind: Tensor) -> Tensor:
    return self.act(x, int(kind))

  # conv2d takes oneDNN or its own matrix product, as the batch is large or small. A weight may come packed: that of a 1×1
  # convolution as a linear layer's, that of a 3×3 convolution for Winograd's algorithm.
  def convolve(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor, stride: int, pad: int) -> Tensor:
    if torch.dim(weight) == 2:
      return self.pixelwise(x, weight, bias)
    if torch.dim(weight) == 3:
      return self.winograd(x, weight, bias)
    if ops.prim.is_mkldnn(weight):
      return ops.mkldnn._convolution_pointwise(x, weight, bias, [pad, pad], [stride, stride], [1, 1], 1, "none",
                                               annotate(List[Optional[number]], []), "")
    if ops.prim.is_cuda(x) or ops.prim.dtype(x) != 6:
      return torch.conv2d(x, torch.type_as(weight, x), torch.type_as(bias, x), [stride, stride], [pad, pad])
    return torch.mkldnn_convolution(x, weight, bias, [pad, pad], [stride, stride], [1, 1], 1)

  # Whether oneDNN does, on this processor.
  def knows_bfloat16(self: __torch__.Ops, none: Tensor) -> Tensor:
    return torch.tensor(ops.mkldnn._is_mkldnn_bf16_supported())

  # The weight (K, C, 3, 3) of a convolution with a stride of 1, for winograd: G·w·Gᵀ, (36, C, K).
  def pack_winograd(self: __torch__.Ops, weight: Tensor) -> Tensor:
    a, b = 0.7071067811865476, 1.4142135623730951
    G = torch.tensor([[1., 0., 0.], [-2 / 3, -2 / 3 * a, -1 / 3], [-2 / 3, 2 / 3 * a, -1 / 3],
                      [1 / 6, b / 6, 1 / 3], [1 / 6, -b / 6, 1 / 3], [0., 0., 1.]], dtype=7)
    K, C = torch.size(weight, 0), torch.size(weight, 1)
    taps = torch.reshape(torch.permute(torch.to(weight, 7), [2, 3, 1, 0]), [9, -1])
    return torch.to(torch.reshape(torch.mm(torch.kron(G, G), taps), [36, C, K]), 6)

  # The weight (K, C, k, k) as oneDNN wants it for maps of about this size.
  def pack_convolution(self: __torch__.Ops, weight: Tensor, stride: Tensor) -> Tensor:
    pad = torch.size(weight, 2) // 2
    return ops.mkldnn._reorder_convolution_weight(weight, [pad, pad], [int(stride), int(stride)], [1, 1], 1,
                                                  [1, torch.size(weight, 1), 16, 16])

  # A 3×3 convolution with a quarter of the multiplications: each 4×4 pixels y of the result are Aᵀ·[w ⊙ (Bᵀ·x·B)]·A of the
  # 6×6 pixels x around them, and the product for all channels is 36 matrix products. Winograd's F(4×4, 3×3) (Lavin and
  # Gray, 2015), with the points 0, ±√½, ±√2 and ∞, which round less than those of the paper.
  def winograd(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    a, b = 0.7071067811865476, 1.4142135623730951
    Bt = torch.tensor([[1., 0., -2.5, 0., 1., 0.], [0., -b, -2., a, 1., 0.], [0., b, -2., -a, 1., 0.],
                       [0., -a, -0.5, b, 1., 0.], [0., a, -0.5, -b, 1., 0.], [0., 1., 0., -2.5, 0., 1.]])
    At = torch.tensor([[1., 1., 1., 1., 1., 0.], [0., a, -a, b, -b, 0.], [0., 0.5, 0.5, 2., 2., 0.],
                       [0., a / 2, -a / 2, 2 * b, -2 * b, 1.]])
    B, H, W, C, K = torch.size(x, 0), torch.size(x, 2), torch.size(x, 3), torch.size(weight, 1), torch.size(weight, 2)
    h, w = (H + 3) // 4, (W + 3) // 4
    padded = torch.constant_pad_nd(torch.permute(x, [0, 2, 3, 1]), [0, 0, 1, 4 * w - W + 1, 1, 4 * h - H + 1])
    tiles = torch.permute(torch.unfold(torch.unfold(padded, 1, 6, 4), 2, 6, 4), [4, 5, 0, 1, 2, 3])  # (6, 6, B, h, w, C)
    tiles = torch.reshape(torch.mm(torch.kron(Bt, Bt), torch.reshape(tiles, [36, -1])), [36, -1, C])  # (36, Bhw, C)
    tiles = self.products(tiles, weight)                                                           # (36, Bhw, K)
    y = torch.mm(torch.kron(At, At), torch.reshape(tiles, [36, -1]))                               # (16, BhwK)
    y = torch.permute(torch.reshape(y, [4, 4, B, h, w, K]), [2, 3, 0, 4, 1, 5])                    # (B, h, 4, w, 4, K)
    y = torch.add_(torch.reshape(y, [B, 4 * h, 4 * w, K]), bias)
    y = torch.contiguous(torch.narrow(torch.narrow(y, 1, 0, H), 2, 0, W))
    return torch.permute(y, [0, 3, 1, 2])

  # Of as many pairs of matrices (n, C) and (C, K), with n as in linear.
  def products(self: __torch__.Ops, x: Tensor, weight: Tensor) -> Tensor:
    count = torch.size(x, 1)
    if count >= 16:
      return torch.bmm(x, weight)
    return torch.narrow(torch.bmm(torch.constant_pad_nd(x, [0, 0, 0, 16 - count]), weight), 1, 0, count)

  # The weight (K, D) or (K, D, 1, 1) of a linear layer as oneDNN wants it.
  def pack_linear(self: __torch__.Ops, weight: Tensor) -> Tensor:
    return ops.mkldnn._reorder_linear_weight(torch.flatten(weight, 1), 256)

  # A packed layer and a function of its result: "none" or "gelu", the latter as "none" or "tanh" approximates it.
  def packed_linear(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor, function: str, approximate: str) -> Tensor:
    if torch.numel(bias) > 0:
      return ops.mkldnn._linear_pointwise(x, weight, bias, function, annotate(List[Optional[number]], []), approximate)
    return ops.mkldnn._linear_pointwise(x, weight, None, function, annotate(List[Optional[number]], []), approximate)

  # A layer and an activation of its result.
  def linear_act(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor, kind: int) -> Tensor:
    if ops.prim.is_mkldnn(weight) and kind == 1:
      return self.packed_linear(x, weight, bias, "gelu", "none")
    elif ops.prim.is_mkldnn(weight) and kind == 2:
      return self.packed_linear(x, weight, bias, "gelu", "tanh")
    return self.act_(self.linear(x, weight, bias), kind)

  # The result of a layer with a bias and y, which has its shape.
  def linear_add(self: __torch__.Ops, y: Tensor, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if ops.prim.is_mkldnn(weight):
      return ops.mkldnn._linear_pointwise(x, y, weight, bias, "add")
    return self.add(y, self.linear(x, weight, bias))

  # x (…, D). oneDNN sums in the same order for any number of rows. MKL multiplies fewer than twelve rows in several ways, and
  # splits them among threads; of fewer than twelve columns it multiplies some rows otherwise than the rest.
  def linear(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if ops.prim.is_mkldnn(weight):
      return self.packed_linear(x, weight, bias, "none", "none")
    weight, bias = torch.type_as(torch.flatten(weight, 1), x), torch.type_as(bias, x)
    rows = torch.flatten(x, 0, -2)
    count = torch.size(rows, 0)
    if count < 16:
      rows = torch.constant_pad_nd(rows, [0, 0, 0, 16 - count])
    width = torch.size(weight, 0)
    if width < 12:
      weight = torch.constant_pad_nd(weight, [0, 0, 0, 16 - width])
      if torch.numel(bias) > 0:
        bias = torch.constant_pad_nd(bias, [0, 16 - width])
    if torch.numel(bias) > 0:
      y = torch.linear(rows, weight, bias)
    else:
      y = torch.linear(rows, weight)
    y = torch.narrow(torch.narrow(y, 0, 0, count), 1, 0, width)
    return torch.reshape(y, torch.add(torch.slice(torch.size(x), 0, -1), [-1]))

  def conv2d(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return self.convolve(x, weight, bias, 1, (torch.size(weight, -1) - 1) // 2)

  # A linear layer of each pixel, where pixels lie one after another.
  def pixelwise(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.permute(self.linear(torch.permute(x, [0, 2, 3, 1]), weight, bias), [0, 3, 1, 2])

  # A 1×1 convolution.
  def pointwise(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if torch.is_contiguous(x, memory_format=2):
      return self.pixelwise(x, weight, bias)
    return self.convolve(x, weight, bias, 1, 0)

  # Cuts x into patches: the kernel is as wide as its stride.
  def patches(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return self.convolve(x, weight, bias, torch.size(weight, -1), 0)

  # Halves H and W: one zero on every side.
  def downsample(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return self.convolve(x, weight, bias, 2, 1)

  # Halves H and W: one zero at the right and at the bottom only.
  def downsample_asymmetric(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return self.convolve(torch.constant_pad_nd(x, [0, 1, 0, 1]), weight, bias, 2, 0)

  # Doubles H and W.
  def upsample(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return self.convolve(self.resample(x, 1), weight, bias, 1, 1)

  # The same to the size of another, which may be odd.
  def upsample_like(self: __torch__.Ops, x: Tensor, like: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return self.convolve(self.enlarge_like(x, like), weight, bias, 1, 1)

  def enlarge_like(self: __torch__.Ops, x: Tensor, like: Tensor) -> Tensor:
    return torch.upsample_nearest2d(x, [torch.size(like, 2), torch.size(like, 3)])

  def group_norm(self: __torch__.Ops, x: Tensor, groups: Tensor, eps: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return self.normalize(x, groups, eps, weight, bias)

  def group_norm_silu(self: __torch__.Ops, x: Tensor, groups: Tensor, eps: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return self.act_(self.normalize(x, groups, eps, weight, bias), 0)

  def layer_norm(self: __torch__.Ops, x: Tensor, eps: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.layer_norm(x, torch.size(weight), weight, bias, float(eps))

  def embedding(self: __torch__.Ops, ids: Tensor, weight: Tensor) -> Tensor:
    return torch.embedding(weight, ids)

  # t (B), freqs (D/2) -> (B, D), with a zero at the end where D is odd
  def sinusoids(self: __torch__.Ops, t: Tensor, freqs: Tensor, cos_first: Tensor, odd: Tensor) -> Tensor:
    angles = torch.unsqueeze(t, 1) * torch.unsqueeze(freqs, 0)
    if bool(cos_first):
      emb = torch.cat([torch.cos(angles), torch.sin(angles)], 1)
    else:
      emb = torch.cat([torch.sin(angles), torch.cos(angles)], 1)
    if bool(odd):
      return torch.constant_pad_nd(emb, [0, 1])
    return emb

  # Random frequencies (Tancik et al., 2020) of t (B), or of its logarithm: (B, 2F)
  def fourier(self: __torch__.Ops, t: Tensor, logarithm: Tensor, cos_first: Tensor, freqs: Tensor) -> Tensor:
    x = t
    if bool(logarithm):
      x = torch.log(t)
    angles = torch.unsqueeze(x, 1) * torch.unsqueeze(torch.to(freqs, 6), 0) * 2 * 3.141592653589793
    if bool(cos_first):
      return torch.cat([torch.cos(angles), torch.sin(angles)], 1)
    return torch.cat([torch.sin(angles), torch.cos(angles)], 1)

  # emb (B, S) -> (B, D); condition (B, S') or empty; post: the activation at the end, -1 for none
  def embedding_mlp(self: __torch__.Ops, emb: Tensor, condition: Tensor, kind: Tensor, post: Tensor, condition_weight: Tensor,
                    w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    x = torch.type_as(emb, b1)
    if torch.numel(condition) > 0:
      x = x + self.linear(torch.type_as(condition, b1), condition_weight, torch.empty([0]))
    return self.act_(self.linear(self.act_(self.linear(x, w1, b1), int(kind)), w2, b2), int(post))

  # x (B, D)
  def silu_linear(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return self.linear(self.act(x, 0), weight, bias)

  # x (B, C, H, W); mode 1 doubles H and W, 2 halves them
  def resample(self: __torch__.Ops, x: Tensor, mode: int) -> Tensor:
    if mode == 1:
      return torch.upsample_nearest2d(x, [2 * torch.size(x, 2), 2 * torch.size(x, 3)])
    elif mode == 2:
      return torch.avg_pool2d(x, [2, 2], [2, 2])
    return x

  # x (B, C, H, W), time (B, K) or empty. Where time is twice as wide as the block, it scales and shifts.
  def resnet_block(self: __torch__.Ops, x: Tensor, time: Tensor, groups: Tensor, eps: Tensor, activation: Tensor,
                   resampling: Tensor, divisor: Tensor,
                   norm1_weight: Tensor, norm1_bias: Tensor, conv1_weight: Tensor, conv1_bias: Tensor,
                   norm2_weight: Tensor, norm2_bias: Tensor, conv2_weight: Tensor, conv2_bias: Tensor,
                   shortcut_weight: Tensor, shortcut_bias: Tensor) -> Tensor:
    h = self.resnet_first(x, groups, eps, activation, resampling, norm1_weight, norm1_bias)
    h = self.convolve(h, conv1_weight, conv1_bias, 1, 1)
    h = self.resnet_second(h, time, groups, eps, activation, norm2_weight, norm2_bias)
    h = self.convolve(h, conv2_weight, conv2_bias, 1, 1)
    x = self.resample(x, int(resampling))
    if torch.numel(shortcut_weight) > 0:
      x = self.pointwise(x, shortcut_weight, shortcut_bias)
    return self.resnet_sum(x, h, divisor)

  # What a residual block's first convolution is given.
  def resnet_first(self: __torch__.Ops, x: Tensor, groups: Tensor, eps: Tensor, activation: Tensor, resampling: Tensor,
                   norm_weight: Tensor, norm_bias: Tensor) -> Tensor:
    h = self.act_(self.normalize(x, groups, eps, norm_weight, norm_bias), int(activation))
    return self.resample(h, int(resampling))

  # What its second convolution is given.
  def resnet_second(self: __torch__.Ops, h: Tensor, time: Tensor, groups: Tensor, eps: Tensor, activation: Tensor,
                    norm_weight: Tensor, norm_bias: Tensor) -> Tensor:
    if torch.numel(time) > 0:
      time = torch.type_as(torch.unsqueeze(torch.unsqueeze(time, 2), 3), h)
      if torch.size(time, 1) == torch.size(h, 1):
        h = self.normalize(self.add(time, h), groups, eps, norm_weight, norm_bias)
      else:
        scale, shift = torch.chunk(time, 2, 1)
        h = self.normalize(h, groups, eps, norm_weight, norm_bias) * (1 + scale) + shift
    else:
      h = self.normalize(h, groups, eps, norm_weight, norm_bias)
    return self.act_(h, int(activation))

  # Its result; h is new and nothing else needs it.
  def resnet_sum(self: __torch__.Ops, x: Tensor, h: Tensor, divisor: Tensor) -> Tensor:
    h = self.add(x, h)
    if float(divisor) == 1.:
      return h
    return h / float(divisor)

  def resampled(self: __torch__.Ops, x: Tensor, mode: Tensor) -> Tensor:
    return self.resample(x, int(mode))

  # x (B, N, D), context (B, T, D'), mask: added to the scores, broadcast to (B, h, N, T), or empty. What projects to values
  # may be joined with what projects to keys, and both, for attention of x to itself, with what projects to queries.
  def attend(self: __torch__.Ops, x: Tensor, context: Tensor, mask: Tensor, heads: Tensor,
             q_weight: Tensor, q_bias: Tensor, k_weight: Tensor, k_bias: Tensor, v_weight: Tensor, v_bias: Tensor) -> Tensor:
    q, k, v = self.linear(x, q_weight, q_bias), torch.empty([0]), torch.empty([0])
    if torch.numel(k_weight) > 0:
      k = self.linear(context, k_weight, k_bias)
    if torch.numel(v_weight) > 0:
      v = self.linear(context, v_weight, v_bias)
    return self.attend_projected(q, k, v, mask, heads)

  # Attention of queries (B, N, D) to keys and values (B, T, D). Where k is empty, q has all three beside each other; where
  # only v is, k has both.
  def attend_projected(self: __torch__.Ops, q: Tensor, k: Tensor, v: Tensor, mask: Tensor, heads: Tensor) -> Tensor:
    if torch.numel(k) == 0:
      q, k, v = torch.chunk(q, 3, 2)
    elif torch.numel(v) == 0:
      k, v = torch.chunk(k, 2, 2)
    h = int(heads)
    q = torch.transpose(torch.unflatten(q, 2, [h, -1]), 1, 2)                                     # (B, h, N, D/h)
    k = torch.transpose(torch.unflatten(k, 2, [h, -1]), 1, 2)                                     # (B, h, T, D/h)
    v = torch.transpose(torch.unflatten(v, 2, [h, -1]), 1, 2)                                     # (B, h, T, D/h)
    if torch.numel(mask) > 0:
      o = torch.scaled_dot_product_attention(q, k, v, torch.type_as(mask, q))
    else:
      o = torch.scaled_dot_product_attention(q, k, v)
    return torch.flatten(torch.transpose(o, 1, 2), 2)                                             # (B, N, D)

  def attention(self: __torch__.Ops, x: Tensor, context: Tensor, mask: Tensor, heads: Tensor,
                q_weight: Tensor, q_bias: Tensor, k_weight: Tensor, k_bias: Tensor,
                v_weight: Tensor, v_bias: Tensor, out_weight: Tensor, out_bias: Tensor) -> Tensor:
    o = self.attend(x, context, mask, heads, q_weight, q_bias, k_weight, k_bias, v_weight, v_bias)
    return self.linear(o, out_weight, out_bias)

  # Attention among the pixels of x (B, C, H, W), after a group norm where there is one, added to x and divided.
  def spatial_attention(self: __torch__.Ops, x: Tensor, groups: Tensor, eps: Tensor, divisor: Tensor,
                        norm_weight: Tensor, norm_bias: Tensor,
                        heads: Tensor, q_weight: Tensor, q_bias: Tensor, k_weight: Tensor, k_bias: Tensor,
                        v_weight: Tensor, v_bias: Tensor, out_weight: Tensor, out_bias: Tensor) -> Tensor:
    tokens = x
    if torch.numel(norm_weight) > 0:
      tokens = self.normalize(x, groups, eps, norm_weight, norm_bias)
    tokens = torch.transpose(torch.flatten(tokens, 2), 1, 2)                                      # (B, HW, C)
    o = self.attention(tokens, tokens, torch.empty([0]), heads, q_weight, q_bias, k_weight, k_bias,
                       v_weight, v_bias, out_weight, out_bias)
    o = x + torch.reshape(torch.transpose(o, 1, 2), torch.size(x))
    if float(divisor) == 1.:
      return o
    return o / float(divisor)

  # T5: no scale, but a bias (1 or B, h, T, T) for the distance of two tokens. x (B, T, D)
  def biased_attention(self: __torch__.Ops, x: Tensor, bias: Tensor, heads: Tensor,
                       q_weight: Tensor, k_weight: Tensor, v_weight: Tensor, out_weight: Tensor) -> Tensor:
    h, none = int(heads), torch.empty([0])
    q = torch.transpose(torch.unflatten(self.linear(x, q_weight, none), 2, [h, -1]), 1, 2)        # (B, h, T, D/h)
    k = torch.transpose(torch.unflatten(self.linear(x, k_weight, none), 2, [h, -1]), 1, 2)        # (B, h, T, D/h)
    v = torch.transpose(torch.unflatten(self.linear(x, v_weight, none), 2, [h, -1]), 1, 2)        # (B, h, T, D/h)
    scores = torch.type_as(torch.matmul(q, torch.transpose(k, 2, 3)), bias) + bias                # (B, h, T, T)
    o = torch.matmul(torch.type_as(torch.softmax(scores, 3), v), v)
    return self.linear(torch.flatten(torch.transpose(o, 1, 2), 2), out_weight, none)

  # The pixels of (B, C, H, W) as tokens, (B, HW, C).
  def as_tokens(self: __torch__.Ops, x: Tensor) -> Tensor:
    return torch.transpose(torch.flatten(x, 2), 1, 2)

  # Such tokens added to x (B, C, H, W), and all divided.
  def add_pixels(self: __torch__.Ops, x: Tensor, tokens: Tensor, divisor: Tensor) -> Tensor:
    y = x + torch.reshape(torch.transpose(tokens, 1, 2), torch.size(x))
    if float(divisor) == 1.:
      return y
    return y / float(divisor)

  # Normalizes (B, C, H, W) and projects each pixel to a token: (B, HW, C).
  def to_tokens(self: __torch__.Ops, x: Tensor, groups: Tensor, eps: Tensor, norm_weight: Tensor, norm_bias: Tensor,
                weight: Tensor, bias: Tensor) -> Tensor:
    tokens = self.normalize(x, groups, eps, norm_weight, norm_bias)
    return self.linear(torch.transpose(torch.flatten(tokens, 2), 1, 2), weight, bias)

  # The way back: (B, HW, C) added to x (B, C, H, W).
  def add_tokens(self: __torch__.Ops, x: Tensor, tokens: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if ops.prim.is_mkldnn(weight):
      y = self.linear_add(torch.transpose(torch.flatten(x, 2), 1, 2), tokens, weight, bias)
      return torch.permute(torch.unflatten(y, 1, [torch.size(x, 2), -1]), [0, 3, 1, 2])
    return x + torch.reshape(torch.transpose(self.linear(tokens, weight, bias), 1, 2), torch.size(x))

  # Half the projected width gates the other half (GEGLU); the projection to the gate is apart when it is packed.
  def gated(self: __torch__.Ops, x: Tensor, proj_weight: Tensor, proj_bias: Tensor, gate_weight: Tensor,
            gate_bias: Tensor) -> Tensor:
    if torch.numel(gate_weight) > 0:
      gate = self.packed_linear(x, gate_weight, gate_bias, "gelu", "none")
      return ops.mkldnn._linear_pointwise(x, gate, proj_weight, proj_bias, "mul")
    return self.gate(self.linear(x, proj_weight, proj_bias), torch.empty([0]))

  # Where the gate is empty, the second half of hidden is it.
  def gate(self: __torch__.Ops, hidden: Tensor, gate: Tensor) -> Tensor:
    if torch.numel(gate) == 0:
      hidden, gate = torch.chunk(hidden, 2, -1)
    return hidden * torch.gelu(gate)

  def geglu(self: __torch__.Ops, x: Tensor, proj_weight: Tensor, proj_bias: Tensor, gate_weight: Tensor, gate_bias: Tensor,
            out_weight: Tensor, out_bias: Tensor) -> Tensor:
    return self.linear(self.gated(x, proj_weight, proj_bias, gate_weight, gate_bias), out_weight, out_bias)

  # x (B, N, D), context (B, T, D'). The projections to queries, keys and values have no bias. With only_cross the first
  # attention is to the context, too.
  def transformer_block(self: __torch__.Ops, x: Tensor, context: Tensor, heads: Tensor, eps: Tensor, only_cross: Tensor,
                        none: Tensor, norm1_weight: Tensor, norm1_bias: Tensor,
                        q1_weight: Tensor, k1_weight: Tensor, v1_weight: Tensor, out1_weight: Tensor, out1_bias: Tensor,
                        norm2_weight: Tensor, norm2_bias: Tensor,
                        q2_weight: Tensor, k2_weight: Tensor, v2_weight: Tensor, out2_weight: Tensor, out2_bias: Tensor,
                        norm3_weight: Tensor, norm3_bias: Tensor,
                        proj_weight: Tensor, proj_bias: Tensor, gate_weight: Tensor, gate_bias: Tensor,
                        out_weight: Tensor, out_bias: Tensor) -> Tensor:
    h = self.layer_norm(x, eps, norm1_weight, norm1_bias)
    first = h
    if bool(only_cross):
      first = context
    o = self.attend(h, first, none, heads, q1_weight, none, k1_weight, none, v1_weight, none)
    x = self.linear_add(x, o, out1_weight, out1_bias)
    h = self.layer_norm(x, eps, norm2_weight, norm2_bias)
    o = self.attend(h, context, none, heads, q2_weight, none, k2_weight, none, v2_weight, none)
    x = self.linear_add(x, o, out2_weight, out2_bias)
    h = self.layer_norm(x, eps, norm3_weight, norm3_bias)
    return self.linear_add(x, self.gated(h, proj_weight, proj_bias, gate_weight, gate_bias), out_weight, out_bias)

  def mlp(self: __torch__.Ops, x: Tensor, kind: Tensor, proj_weight: Tensor, proj_bias: Tensor, out_weight: Tensor,
          out_bias: Tensor) -> Tensor:
    return self.linear(self.linear_act(x, proj_weight, proj_bias, int(kind)), out_weight, out_bias)

  # Gated by another projection (Shazeer, 2020), without biases.
  def gated_mlp(self: __torch__.Ops, x: Tensor, kind: Tensor, gate_weight: Tensor, proj_weight: Tensor, out_weight: Tensor) -> Tensor:
    none = torch.empty([0])
    gate = self.act_(self.linear(x, gate_weight, none), int(kind))
    return self.linear(gate * self.linear(x, proj_weight, none), out_weight, none)

  # Root mean square normalization (Zhang and Sennrich, 2019).
  def rms_norm(self: __torch__.Ops, x: Tensor, eps: Tensor, weight: Tensor) -> Tensor:
    wide = torch.to(x, 6)
    wide = wide * torch.rsqrt(torch.mean(wide * wide, [-1], True) + float(eps))
    return torch.type_as(wide, weight) * weight

  # Layer norm, with weights or without, then scaled and shifted. x (B, N, D), scale and shift (B, 1, D)
  def modulate(self: __torch__.Ops, x: Tensor, scale: Tensor, shift: Tensor, eps: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if torch.numel(weight) > 0:
      normed = torch.layer_norm(x, torch.size(weight), weight, bias, float(eps))
    else:
      normed = torch.layer_norm(x, [torch.size(x, -1)], None, None, float(eps))
    return torch.addcmul(shift, normed, 1 + scale)

  # x + gate·y. x and y (B, N, D), gate (B, 1, D)
  def add_gated(self: __torch__.Ops, x: Tensor, y: Tensor, gate: Tensor) -> Tensor:
    return torch.addcmul(x, gate, y)

  # tokens (B, hw, p·p·C) of h·w patches with sides p to x (B, C, h·p, w·p)
  def unpatchify(self: __torch__.Ops, tokens: Tensor, h: Tensor, w: Tensor, p: Tensor) -> Tensor:
    B, H, W, P = torch.size(tokens, 0), int(h), int(w), int(p)
    x = torch.permute(torch.reshape(tokens, [B, H, W, P, P, -1]), [0, 5, 1, 3, 2, 4])             # (B, C, h, p, w, p)
    return torch.reshape(x, [B, -1, H * P, W * P])

  # Convolves a clip x (B, C, T, H, W) in space and in time, each frame with those before it: before (B, C, t, H, W), or empty
  # where the clip begins, whose missing frames are zeros. Stride is that of time.
  def causal_convolve(self: __torch__.Ops, x: Tensor, before: Tensor, stride: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    kernel, pad = torch.size(weight, 2), torch.size(weight, 4) // 2
    missing = kernel - int(stride)
    if torch.numel(before) > 0:
      x = torch.cat([before, x], 2)
      missing = missing - torch.size(before, 2)
    if missing > 0:
      x = torch.constant_pad_nd(x, [0, 0, 0, 0, missing, 0])
    return torch.conv3d(x, weight, bias, [int(stride), 1, 1], [0, pad, pad])

  # The last frames of before and x, for the next call; a copy, so that x can be freed.
  def last_frames(self: __torch__.Ops, x: Tensor, before: Tensor, count: Tensor) -> Tensor:
    if torch.numel(before) > 0 and torch.size(x, 2) < int(count):
      x = torch.cat([before, x], 2)
    have = torch.size(x, 2)
    kept = min(have, int(count))
    return torch.clone(torch.narrow(x, 2, have - kept, kept))

  # Each position's channels x (B, C, ...) to a length of sqrt(C), then weighted, and through an activation, -1 for none.
  def position_norm(self: __torch__.Ops, x: Tensor, kind: Tensor, weight: Tensor) -> Tensor:
    length = torch.clamp_min(torch.norm(x, 2, [1], True), 1.0e-12)
    y = x / length * torch.sqrt(torch.tensor(float(torch.size(x, 1)))) * weight
    return self.act_(y, int(kind))

  # The frames of a clip (B, C, T, H, W) as pictures (BT, C, H, W), and the way back.
  def frames(self: __torch__.Ops, x: Tensor) -> Tensor:
    return torch.flatten(torch.transpose(x, 1, 2), 0, 1)

  def clip_of(self: __torch__.Ops, x: Tensor, count: Tensor) -> Tensor:
    return torch.transpose(torch.unflatten(x, 0, [-1, int(count)]), 1, 2)

  # Doubles H and W of each frame.
  def upsample_frames(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    T = torch.size(x, 2)
    y = self.frames(x)
    y = torch.upsample_nearest2d(y, [2 * torch.size(y, 2), 2 * torch.size(y, 3)])
    y = torch.conv2d(y, weight, bias, [1, 1], [1, 1])
    return torch.transpose(torch.unflatten(y, 0, [-1, T]), 1, 2)

  # Halves H and W of each frame.
  def downsample_frames(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    T = torch.size(x, 2)
    y = torch.conv2d(torch.constant_pad_nd(self.frames(x), [0, 1, 0, 1]), weight, bias, [2, 2], [0, 0])
    return torch.transpose(torch.unflatten(y, 0, [-1, T]), 1, 2)

  # Two frames from the two halves of each frame's channels: (B, 2C, T, H, W) to (B, C, 2T, H, W).
  def interleave_frames(self: __torch__.Ops, x: Tensor) -> Tensor:
    B, C, T, H, W = torch.size(x, 0), torch.size(x, 1) // 2, torch.size(x, 2), torch.size(x, 3), torch.size(x, 4)
    y = torch.permute(torch.reshape(x, [B, 2, C, T, H, W]), [0, 2, 3, 1, 4, 5])
    return torch.reshape(y, [B, C, 2 * T, H, W])

  # Attention of one head among the positions of each frame of x (B, C, T, H, W), added to x.
  def frame_attention(self: __torch__.Ops, x: Tensor, norm: Tensor, qkv_weight: Tensor, qkv_bias: Tensor,
                      out_weight: Tensor, out_bias: Tensor) -> Tensor:
    B, C, T, H, W = torch.size(x, 0), torch.size(x, 1), torch.size(x, 2), torch.size(x, 3), torch.size(x, 4)
    y = self.position_norm(self.frames(x), torch.tensor(-1), norm)
    tokens = torch.transpose(torch.flatten(y, 2), 1, 2)                                           # (BT, HW, C)
    q, k, v = torch.chunk(torch.unsqueeze(self.linear(tokens, qkv_weight, qkv_bias), 1), 3, 3)
    o = torch.squeeze(torch.scaled_dot_product_attention(q, k, v), 1)                             # (BT, HW, C)
    o = torch.transpose(self.linear(o, out_weight, out_bias), 1, 2)
    return x + torch.transpose(torch.reshape(o, [B, T, C, H, W]), 1, 2)

  # Means of blocks of t frames and s times s positions, spread over the channels wanted; zeros before the first frame.
  def average_blocks(self: __torch__.Ops, x: Tensor, t: Tensor, s: Tensor, channels: Tensor) -> Tensor:
    ft, fs, K = int(t), int(s), int(channels)
    missing = (ft - torch.size(x, 2) % ft) % ft
    x = torch.constant_pad_nd(x, [0, 0, 0, 0, missing, 0])
    B, C, T, H, W = torch.size(x, 0), torch.size(x, 1), torch.size(x, 2) // ft, torch.size(x, 3) // fs, torch.size(x, 4) // fs
    y = torch.permute(torch.reshape(x, [B, C, T, ft, H, fs, W, fs]), [0, 1, 3, 5, 7, 2, 4, 6])
    return torch.mean(torch.reshape(y, [B, K, -1, T, H, W]), [2])

  # Copies to blocks of t frames and s times s positions, from as many channels as there are; of the first frame one copy.
  def repeat_blocks(self: __torch__.Ops, x: Tensor, t: Tensor, s: Tensor, channels: Tensor, first: Tensor) -> Tensor:
    ft, fs, K = int(t), int(s), int(channels)
    repeats = K * ft * fs * fs // torch.size(x, 1)
    B, T, H, W = torch.size(x, 0), torch.size(x, 2), torch.size(x, 3), torch.size(x, 4)
    y = torch.reshape(torch.repeat_interleave(x, repeats, 1), [B, K, ft, fs, fs, T, H, W])
    y = torch.reshape(torch.permute(y, [0, 1, 5, 2, 6, 3, 7, 4]), [B, K, T * ft, H * fs, W * fs])
    if bool(first):
      return torch.narrow(y, 2, ft - 1, T * ft - ft + 1)
    return y

  # Blocks of p times p positions of a clip as channels, and the way back.
  def to_channels(self: __torch__.Ops, x: Tensor, p: Tensor) -> Tensor:
    P = int(p)
    B, C, T, H, W = torch.size(x, 0), torch.size(x, 1), torch.size(x, 2), torch.size(x, 3) // P, torch.size(x, 4) // P
    y = torch.permute(torch.reshape(x, [B, C, T, H, P, W, P]), [0, 1, 6, 4, 2, 3, 5])
    return torch.reshape(y, [B, C * P * P, T, H, W])

  def from_channels(self: __torch__.Ops, x: Tensor, p: Tensor) -> Tensor:
    P = int(p)
    B, C, T, H, W = torch.size(x, 0), torch.size(x, 1) // (P * P), torch.size(x, 2), torch.size(x, 3), torch.size(x, 4)
    y = torch.permute(torch.reshape(x, [B, C, P, P, T, H, W]), [0, 1, 4, 5, 3, 6, 2])
    return torch.reshape(y, [B, C, T, H * P, W * P])

  # Cuts x (B, C, T, H, W) into patches (B, N, D): the kernel is as large as its stride.
  def clip_patches(self: __torch__.Ops, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    x = torch.unflatten(x, 4, [-1, torch.size(weight, 4)])
    x = torch.unflatten(x, 3, [-1, torch.size(weight, 3)])
    x = torch.unflatten(x, 2, [-1, torch.size(weight, 2)])                                        # (B, C, t, pt, h, ph, w, pw)
    patches = torch.flatten(torch.permute(x, [0, 2, 4, 6, 1, 3, 5, 7]), 4)                        # (B, t, h, w, C pt ph pw)
    return self.linear(torch.flatten(patches, 1, 3), weight, bias)

  # tokens (B, thw, pt ph pw C) of t, h, w patches to (B, C, t pt, h ph, w pw); grid and patch of three numbers
  def clip_of_patches(self: __torch__.Ops, tokens: Tensor, grid: Tensor, patch: Tensor) -> Tensor:
    t, h, w = int(grid[0]), int(grid[1]), int(grid[2])
    pt, ph, pw = int(patch[0]), int(patch[1]), int(patch[2])
    B = torch.size(tokens, 0)
    x = torch.permute(torch.reshape(tokens, [B, t, h, w, pt, ph, pw, -1]), [0, 7, 1, 4, 2, 5, 3, 6])
    return torch.reshape(x, [B, -1, t * pt, h * ph, w * pw])

  # Rotary embedding (Su et al., 2021): pairs of neighbouring values of x (B, N, h, d) turned by angles, (N, 1, d/2).
  def rotate(self: __torch__.Ops, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    pairs = torch.unflatten(torch.to(x, 6), 3, [-1, 2])
    a, b = torch.select(pairs, 4, 0), torch.select(pairs, 4, 1)
    return torch.type_as(torch.flatten(torch.stack([a * cos - b * sin, a * sin + b * cos], 4), 3), x)

  # Attention of x (B, N, D) to a context (B, T, D) and, where there is one, to a picture (B, P, D), whose results are added.
  # Queries and keys are normalized across all heads, and turned by their places where cos and sin are given.
  def normed_attention(self: __torch__.Ops, x: Tensor, context: Tensor, picture: Tensor, cos: Tensor, sin: Tensor,
                       heads: Tensor, eps: Tensor, q_weight: Tensor, q_bias: Tensor, q_norm: Tensor,
                       k_weight: Tensor, k_bias: Tensor, k_norm: Tensor, v_weight: Tensor, v_bias: Tensor,
                       picture_k_weight: Tensor, picture_k_bias: Tensor, picture_k_norm: Tensor,
                       picture_v_weight: Tensor, picture_v_bias: Tensor, out_weight: Tensor, out_bias: Tensor) -> Tensor:
    q, k = self.linear(x, q_weight, q_bias), self.linear(context, k_weight, k_bias)
    v, picture_k, picture_v = self.linear(context, v_weight, v_bias), torch.empty([0]), torch.empty([0])
    if torch.numel(picture) > 0:
      picture_k = self.linear(picture, picture_k_weight, picture_k_bias)
      picture_v = self.linear(picture, picture_v_weight, picture_v_bias)
    o = self.attend_normed(q, k, v, picture_k, picture_v, cos, sin, heads, eps, q_norm, k_norm, picture_k_norm)
    return self.linear(o, out_weight, out_bias)

  # The same of projections that were made before, without the last one.
  def attend_normed(self: __torch__.Ops, q: Tensor, k: Tensor, v: Tensor, picture_k: Tensor, picture_v: Tensor, cos: Tensor,
                    sin: Tensor, heads: Tensor, eps: Tensor, q_norm: Tensor, k_norm: Tensor, picture_k_norm: Tensor) -> Tensor:
    h = int(heads)
    q = torch.unflatten(self.rms_norm(q, eps, q_norm), 2, [h, -1])
    k = torch.unflatten(self.rms_norm(k, eps, k_norm), 2, [h, -1])
    v = torch.unflatten(v, 2, [h, -1])
    if torch.numel(cos) > 0:
      q, k = self.rotate(q, cos, sin), self.rotate(k, cos, sin)
    q, k, v = torch.transpose(q, 1, 2), torch.transpose(k, 1, 2), torch.transpose(v, 1, 2)        # (B, h, N, D/h)
    o = torch.flatten(torch.transpose(torch.scaled_dot_product_attention(q, k, v), 1, 2), 2)
    if torch.numel(picture_k) > 0:
      k = torch.unflatten(self.rms_norm(picture_k, eps, picture_k_norm), 2, [h, -1])
      v = torch.unflatten(picture_v, 2, [h, -1])
      seen = torch.scaled_dot_product_attention(q, torch.transpose(k, 1, 2), torch.transpose(v, 1, 2))
      o = o + torch.flatten(torch.transpose(seen, 1, 2), 2)
    return o

  # Layer norm in float32 whatever the type of x (B, N, D), with weights or without, scaled and shifted by (B, 1 or N, D).
  def modulate_float32(self: __torch__.Ops, x: Tensor, scale: Tensor, shift: Tensor, eps: Tensor) -> Tensor:
    normed = torch.layer_norm(torch.to(x, 6), [torch.size(x, -1)], None, None, float(eps))
    return torch.type_as(torch.addcmul(torch.to(shift, 6), normed, 1 + torch.to(scale, 6)), x)

  def layer_norm_float32(self: __torch__.Ops, x: Tensor, eps: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    y = torch.layer_norm(torch.to(x, 6), torch.size(weight), torch.to(weight, 6), torch.to(bias, 6), float(eps))
    return torch.type_as(y, x)

  def add_gated_float32(self: __torch__.Ops, x: Tensor, y: Tensor, gate: Tensor) -> Tensor:
    return torch.type_as(torch.addcmul(torch.to(x, 6), torch.to(gate, 6), torch.to(y, 6)), x)

  # The sum of the singular values of a matrix.
  def nuclear_norm(self: __torch__.Ops, x: Tensor) -> Tensor:
    return torch.sum(torch.linalg_svdvals(x))

  # Low-rank terms of a linear layer (Hu et al., 2022), each of one row of the batch, added in place to its results y
  # (B, …, K) for x (B, …, D). The layer's bias is needed for gains only (DoRA; Liu et al., 2024). For each term there are in
  # tensors: down (r, D), up (K', r), a bias and a gain of K', or empty ones; in places: the row, the first row of up, how
  # many, and where in y they go. Each term is computed by itself, so that it depends on no other row.
  def add_low_rank(self: __torch__.Ops, y: Tensor, x: Tensor, bias: Tensor, tensors: List[Tensor], places: List[int],
                   scales: List[float]) -> Tensor:
    none = torch.empty([0])
    for i in range(torch.len(scales)):
      row, first, count, at = places[4 * i], places[4 * i + 1], places[4 * i + 2], places[4 * i + 3]
      up = torch.narrow(tensors[4 * i + 1], 0, first, count)
      term = self.linear(self.linear(torch.narrow(x, 0, row, 1), tensors[4 * i], none), up, none)
      part = torch.narrow(torch.narrow(y, 0, row, 1), -1, at, count)
      _ = self.add_term(part, term, bias, tensors[4 * i + 2], tensors[4 * i + 3], first, count, at, scales[i])
    return y

  # The same of a convolution: x (B, C, H, W), down (r, C, k, k), up (K', r, 1, 1). Its stride is the last of places.
  def add_low_rank_map(self: __torch__.Ops, y: Tensor, x: Tensor, bias: Tensor, tensors: List[Tensor], places: List[int],
                       scales: List[float]) -> Tensor:
    stride = places[4 * torch.len(scales)]
    for i in range(torch.len(scales)):
      row, first, count, at = places[4 * i], places[4 * i + 1], places[4 * i + 2], places[4 * i + 3]
      down, up = torch.type_as(tensors[4 * i], x), torch.type_as(torch.narrow(tensors[4 * i + 1], 0, first, count), x)
      pad = torch.size(down, -1) // 2
      small = torch.conv2d(torch.narrow(x, 0, row, 1), down, None, [stride, stride], [pad, pad])
      term = torch.permute(torch.conv2d(small, up), [0, 2, 3, 1])
      part = torch.permute(torch.narrow(torch.narrow(y, 0, row, 1), 1, at, count), [0, 2, 3, 1])
      _ = self.add_term(part, term, bias, tensors[4 * i + 2], tensors[4 * i + 3], first, count, at, scales[i])
    return y

  def add_term(self: __torch__.Ops, part: Tensor, term: Tensor, bias: Tensor, term_bias: Tensor, gains: Tensor,
               first: int, count: int, at: int, scale: float) -> Tensor:
    if torch.numel(term_bias) > 0:
      term = term + torch.type_as(torch.narrow(term_bias, 0, first, count), term)
    if torch.numel(gains) == 0:
      return torch.add_(part, term, alpha=scale)
    gain, base = torch.type_as(torch.narrow(gains, 0, first, count), part), part
    if torch.numel(bias) > 0:
      base = part - torch.type_as(torch.narrow(bias, 0, at, count), part)
    return torch.add_(part, (gain - 1) * base + gain * term * scale)

  # x (B, C, H, W) with so many pixels of the opposite border beyond each border, and the way back.
  def wrap(self: __torch__.Ops, x: Tensor, border: Tensor) -> Tensor:
    return self.wrap_along(self.wrap_along(x, 2, int(border)), 3, int(border))

  def wrap_along(self: __torch__.Ops, x: Tensor, dim: int, border: int) -> Tensor:
    size = torch.size(x, dim)
    places = torch.arange(-border, size + border, device=ops.prim.device(x))
    return torch.index_select(x, dim, torch.remainder(places, size))

  def crop(self: __torch__.Ops, x: Tensor, border: Tensor) -> Tensor:
    b = int(border)
    return torch.clone(torch.narrow(torch.narrow(x, 2, b, torch.size(x, 2) - 2 * b), 3, b, torch.size(x, 3) - 2 * b))

  def to_float16(self: __torch__.Ops, x: Tensor) -> Tensor:
    return torch.to(x, 5)

  def to_bfloat16(self: __torch__.Ops, x: Tensor) -> Tensor:
    return torch.to(x, 15)

  def to_float32(self: __torch__.Ops, x: Tensor) -> Tensor:
    return torch.to(x, 6)
