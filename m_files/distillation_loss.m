% -*- texinfo -*-
% @deftypefn  {} {[@var{value}, @var{gradient}] =} @
% distillation_loss (@var{logits}, @var{teacher_logits}, @var{targets})
% @deftypefnx {} {[@var{value}, @var{gradient}] =} @
% distillation_loss (@dots{}, @var{name}, @var{option}, @dots{})
% Return the loss of a student that learns from a teacher and from labels, and its gradient.
%
% Samples are columns.  The loss is
% @code{@var{alpha} * @var{temperature} ^ 2 * KL + (1 - @var{alpha}) * cross-entropy}, the mean
% over the samples; KL is the divergence of the student's softmax from the teacher's, both at
% the temperature, and the factor keeps its gradient's size (Hinton et al. 2015).
% @var{gradient} is the derivative with respect to @var{logits}, and the computation is in their
% class.
%
% Options: @qcode{"temperature"}, in [0.01, 1000] (default 4); @qcode{"alpha"}, the weight of
% the soft loss, in [0, 1] (default 0.5); @qcode{"sample_weight"}, as in @code{loss_mse}.
%
% @example
% @group
% value = distillation_loss ([0; 0], [3; 3], [0; 1], "alpha", 0.5)
%    @result{} value = 0.3466
% @end group
% @end example
% @seealso{soft_targets, loss_crossentropy}
% @end deftypefn

function [value, gradient] = distillation_loss(logits, teacher_logits, targets, varargin)
  if nargin < 3
    print_usage();
  end
  op = 'distillation_loss';
  defaults = struct('temperature', 4, 'alpha', 0.5, 'sample_weight', []);
  options = parse_options(op, defaults, varargin);
  [logits, targets] = check_batch(op, 'LOGITS', logits, targets);
  teacher_logits = check_matrix(op, 'TEACHER_LOGITS', teacher_logits);
  check_same_batch(op, 'TEACHER_LOGITS', teacher_logits, logits);
  teacher_logits = check_cast(op, 'TEACHER_LOGITS', teacher_logits, class(logits));
  temperature = check_number(op, 'TEMPERATURE', options.temperature, '[0.01, 1000]');
  alpha = check_number(op, 'ALPHA', options.alpha, '[0, 1]');
  weight = check_sample_weight(op, options.sample_weight, logits);
  [value, gradient] = distillation_kernel(logits, teacher_logits, targets, ...
                                          weight, temperature, alpha);
end

%!test  % by hand: KL at temperature 2 of (1, e) / (1 + e) from (1, 1) / 2
%! p = [1; e] / (1 + e);
%! value = distillation_loss([0; 0], [0; 2], [0; 1], 'temperature', 2, 'alpha', 1);
%! assert(value, 4 * sum(p .* log(2 * p)), 1e-15);
%!test  % alpha 0 leaves the cross-entropy
%! logits = [1, -2; 0.5, 3; -1, 0];
%! [value, gradient] = distillation_loss(logits, -logits, eye(3, 2), 'alpha', 0);
%! [expected, slope] = loss_crossentropy(logits, eye(3, 2));
%! assert(value, expected);
%! assert(gradient, slope);
%!test  % the gradient is that of finite differences
%! logits = [1, -2; 0.5, 3; -1, 0];
%! loss = @(z) distillation_loss(z, [3, 1; 0, 1; 0, 2], eye(3, 2), 'sample_weight', [1, 3]);
%! [~, gradient] = loss(logits);
%! step = zeros(3, 2);
%! step(3, 2) = 1e-6;
%! assert(gradient(3, 2), (loss(logits + step) - loss(logits - step)) / 2e-6, 1e-8);
%!test
%! [value, gradient] = distillation_loss(single([1; 2]), [0; 2], [0; 1]);
%! assert(class(value), 'single');
%! assert(class(gradient), 'single');
%!error <TEACHER_LOGITS must have 2 outputs and 1 samples, got 3 and 1>
%! distillation_loss([1; 2], [1; 2; 3], [0; 1])
%!error <TEMPERATURE must be in \[0.01, 1000\], got 0>
%! distillation_loss([1; 2], [1; 2], [0; 1], 'temperature', 0)
%!error <ALPHA must be in \[0, 1\], got 1.5>
%! distillation_loss([1; 2], [1; 2], [0; 1], 'alpha', 1.5)
%!error <Invalid call> distillation_loss(1, 2)
