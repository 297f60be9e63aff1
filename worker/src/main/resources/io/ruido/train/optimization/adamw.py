# One training update in TorchScript, run by AdamW.java: a single call instead of a dozen for every tensor.
class AdamW(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # Gradients of the loss, that are nowhere kept: nothing is added to zeros, and nothing has to be cleared.
  def gradients(self: __torch__.AdamW, loss: Tensor, weights: List[Tensor]) -> List[Tensor]:
    found = torch.autograd.grad([loss], weights)
    gradients = annotate(List[Tensor], [])
    for i in range(torch.len(found)):
      gradients = torch.append(gradients, torch.contiguous(ops.prim.unchecked_unwrap_optional(found[i])))
    return gradients

  # Scales the gradients down to the norm clip, updates weights and averages in place and returns the norm.
  # numbers: learning rate, beta1, beta2, weight decay, eps, clip, decay of the average.
  def update(self: __torch__.AdamW, loss: Tensor, weights: List[Tensor], exp_avgs: List[Tensor],
             exp_avg_sqs: List[Tensor], averages: List[Tensor], step: Tensor, numbers: List[float]) -> Tensor:
    lr, beta1, beta2, decay, eps, clip, ema, = numbers
    gradients = self.gradients(loss, weights)
    norm = torch.norm(torch.stack(torch._foreach_norm(gradients)))
    scale = torch.clamp_min(torch.div(norm, clip), 1.)
    nothing = annotate(List[Tensor], [])
    steps = torch.mul([step], torch.len(weights))
    torch._fused_adamw_(weights, gradients, exp_avgs, exp_avg_sqs, nothing, steps, lr=lr, beta1=beta1, beta2=beta2,
                        weight_decay=decay, eps=eps, amsgrad=False, maximize=False, grad_scale=scale)
    torch._foreach_lerp_(averages, weights, 1. - ema)
    return norm
