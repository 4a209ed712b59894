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
  [classes, samples] = size(logits);
  % A high temperature leaves small differences of numbers near 1: in double, and less that 1.
  student = shifted_columns(double(logits) / temperature);
  teacher = shifted_columns(double(teacher_logits) / temperature);
  q = expm1(student);
  p = expm1(teacher);
  q_mean = sum(q, 1) / classes;
  p_mean = sum(p, 1) / classes;
  logarithm = teacher - student + (log1p(q_mean) - log1p(p_mean));
  q = (q + 1) ./ (classes * (q_mean + 1));
  p = (p + 1) ./ (classes * (p_mean + 1));
  gradient = cast((q - p) / (samples * temperature), class(logits));
  if ~isempty(weight)
    p = p .* weight;
    gradient = gradient .* weight;
  end
  value = cast((p(:).' * logarithm(:)) / samples, class(logits));
end
