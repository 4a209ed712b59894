% -*- texinfo -*-
% @deftypefn  {} {[@var{value}, @var{gradient}] =} loss_crossentropy (@var{logits}, @var{targets})
% @deftypefnx {} {[@var{value}, @var{gradient}] =} @
% loss_crossentropy (@dots{}, "sample_weight", @var{weight})
% Return the cross-entropy of a batch after softmax, and its gradient.
%
% Samples are columns.  @var{value} is the mean over samples of
% @code{-@var{sample_weight} .* sum (@var{targets} .* log (softmax (@var{logits})), 1)}, in
% nats, and @var{gradient} its derivative with respect to @var{logits}.  The softmax is inside,
% so that no probability is ever rounded to 0 before its logarithm.  @var{targets} are the
% wanted probabilities, one column a sample; they need not sum to 1.  @var{sample_weight} is as
% in @code{loss_mse}.  The computation is in the class of @var{logits}.
%
% @example
% @group
% [value, gradient] = loss_crossentropy ([0; 0], [0; 1])
%    @result{} value = 0.6931
%       gradient = [0.5; -0.5]
% @end group
% @end example
% @seealso{loss_mse, distillation_loss, soft_targets}
% @end deftypefn

function [value, gradient] = loss_crossentropy(logits, targets, varargin)
  if nargin < 2
    print_usage();
  end
  op = 'loss_crossentropy';
  options = parse_options(op, struct('sample_weight', []), varargin);
  [logits, targets] = check_batch(op, 'LOGITS', logits, targets);
  weight = check_sample_weight(op, options.sample_weight, logits);
  [value, gradient] = crossentropy_kernel(logits, targets, weight);
end

%!test
%! [value, gradient] = loss_crossentropy([0; 0], [0; 1]);
%! assert(value, log(2), 2 * eps);
%! assert(gradient, [0.5; -0.5]);
%!test  % far apart, where exp would overflow and log meet 0
%! [value, gradient] = loss_crossentropy([1000; 0], [0; 1]);
%! assert(value, 1000);
%! assert(gradient, [1; -1]);
%!test
%! logits = [1, -2; 0.5, 3; -1, 0];
%! targets = [1, 0; 0, 0.25; 0, 0.75];
%! value = loss_crossentropy(logits, targets, 'sample_weight', [0.5, 2]);
%! p = exp(logits) ./ sum(exp(logits));
%! assert(value, mean([0.5, 2] .* -sum(targets .* log(p))), 1e-14);
%!test  % the gradient is that of finite differences
%! logits = [1, -2; 0.5, 3; -1, 0];
%! targets = [1, 0; 0, 0.25; 0, 0.5];
%! [~, gradient] = loss_crossentropy(logits, targets);
%! step = zeros(3, 2);
%! step(3, 2) = 1e-6;
%! slope = (loss_crossentropy(logits + step, targets) ...
%!          - loss_crossentropy(logits - step, targets)) / 2e-6;
%! assert(gradient(3, 2), slope, 1e-8);
%!test
%! [value, gradient] = loss_crossentropy(single([1, 2]), [0, 2]);
%! assert(class(value), 'single');
%! assert(class(gradient), 'single');
%!error <LOGITS must not contain Inf> loss_crossentropy([1, Inf], [1, 0])
%!error <LOGITS must not be empty> loss_crossentropy(zeros(3, 0), zeros(3, 0))
%!error <TARGETS must have 1 outputs and 2 samples, got 2 and 1> loss_crossentropy([1, 2], [1; 2])
%!error <Invalid call> loss_crossentropy(1)
