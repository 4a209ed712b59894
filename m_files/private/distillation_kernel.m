function [value, gradient] = distillation_kernel(logits, teacher_logits, targets, weight, ...
                                                 temperature, alpha)
  % Value and gradient of distillation_loss, unchecked; arguments as in mse_kernel.
  [hard, gradient] = crossentropy_kernel(logits, targets, weight);
  [soft, soft_gradient] = divergence(logits, teacher_logits, weight, temperature);
  factor = alpha * temperature^2;
  value = factor * soft + (1 - alpha) * hard;
  gradient = (1 - alpha) * gradient + factor * soft_gradient;
end

function [value, gradient] = divergence(logits, teacher_logits, weight, temperature)
  % Mean of KL (teacher || student) at a temperature, and its gradient.
  samples = columns(logits);
  student = shifted_columns(logits / temperature);
  teacher = shifted_columns(teacher_logits / temperature);
  q = exp(student);
  p = exp(teacher);
  q_total = sum(q, 1);
  p_total = sum(p, 1);
  q = q ./ q_total;
  p = p ./ p_total;
  logarithm = teacher - student + (log(q_total) - log(p_total));
  gradient = (q - p) / (samples * temperature);
  if ~isempty(weight)
    p = p .* weight;
    gradient = gradient .* weight;
  end
  value = (p(:).' * logarithm(:)) / samples;
end
