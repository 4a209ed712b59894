% -*- texinfo -*-
% @deftypefn {} {@var{share} =} accuracy (@var{outputs}, @var{y})
% Return the share of samples whose largest output is their class.
%
% Samples are columns.  @var{outputs} are logits or probabilities, two rows or more; @var{y} are
% targets of the same size, whose largest element marks the class.  Among equal elements the
% first counts.  NaN is refused.
%
% @example
% @group
% accuracy ([0.9, 0.8; 0.1, 0.2], [1, 0; 0, 1])
%    @result{} 0.5000
% @end group
% @end example
% @seealso{loss_crossentropy}
% @end deftypefn

function share = accuracy(outputs, y)
  if nargin ~= 2
    print_usage();
  end
  op = 'accuracy';
  outputs = check_matrix(op, 'OUTPUTS', outputs, 'inf');
  check_not_empty(op, 'OUTPUTS', outputs);
  y = check_matrix(op, 'Y', y);
  check_same_batch(op, 'Y', y, outputs);
  if rows(outputs) == 1
    value_error(op, 'OUTPUTS', 'have 2 outputs or more', '1');
  end
  [~, said] = max(outputs, [], 1);
  [~, wanted] = max(y, [], 1);
  share = sum(said == wanted) / numel(said);
end

%!assert(accuracy([0.9, 0.8, 0.3; 0.1, 0.2, 0.7], [1, 0, 0; 0, 1, 1]), 2 / 3)
%!assert(accuracy([1; 1], [1; 0]), 1)
%!assert(accuracy([1; 1], [0; 1]), 0)
%!assert(accuracy(single([-Inf; 1]), [0; 1]), 1)
%!error <Y must have 2 outputs and 1 samples, got 1 and 1> accuracy([1; 2], 1)
%!error <got 1 and 3: for class numbers from 1 write \(1:2\).' == y\(:\).'> ...
%! accuracy([1, 2, 3; 2, 1, 0], [1, 2, 1])
%!error <OUTPUTS must have 2 outputs or more, got 1> accuracy([1, 2], [1, 2])
%!error <OUTPUTS must not contain NaN> accuracy([NaN; 2], [1; 0])
%!error <OUTPUTS must not be empty> accuracy([], [])
%!error <Invalid call> accuracy(1)
