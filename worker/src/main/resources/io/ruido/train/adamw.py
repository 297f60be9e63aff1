# One training update in TorchScript, run by AdamW.java: a single call instead of a dozen for every tensor.
class AdamW(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # Scales the gradients down to the norm clip, updates weights and averages in place, clears the gradients and
  # returns their norm. numbers: learning rate, beta1, beta2, weight decay, eps, clip, decay of the average.
  def update(self: __torch__.AdamW, weights: List[Tensor], gradients: List[Tensor], exp_avgs: List[Tensor],
             exp_avg_sqs: List[Tensor], averages: List[Tensor], step: Tensor, numbers: List[float]) -> Tensor:
    lr, beta1, beta2, decay, eps, clip, ema, = numbers
    norm = torch.norm(torch.stack(torch._foreach_norm(gradients)))
    scale = torch.clamp_min(torch.div(norm, clip), 1.)
    nothing = annotate(List[Tensor], [])
    steps = torch.mul([step], torch.len(weights))
    torch._fused_adamw_(weights, gradients, exp_avgs, exp_avg_sqs, nothing, steps, lr=lr, beta1=beta1, beta2=beta2,
                        weight_decay=decay, eps=eps, amsgrad=False, maximize=False, grad_scale=scale)
    torch._foreach_lerp_(averages, weights, 1. - ema)
    torch._foreach_zero_(gradients)
    return norm
